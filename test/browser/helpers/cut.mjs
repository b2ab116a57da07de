/** The name of the GraphQL operation that a request of the desk asks for. */
export function operationOf(request) {
  return request.method() === 'POST' && request.url().endsWith('/graphql') ? request.postDataJSON().operationName : undefined;
}

/**
 * Lets the next request of an operation fail as if the cable were pulled: with `atServer` after the gateway has done it, else before the
 * gateway gets it.
 */
export async function cutNext(page, operation, { atServer }) {
  let isCut = false;
  await page.route('**/graphql', async (route) => {
    if (isCut || operationOf(route.request()) !== operation) return route.fallback();
    isCut = true;
    if (atServer) await route.fetch();
    return route.abort('connectionreset');
  });
}
