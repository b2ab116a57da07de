import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import type { Context } from '../request/context.js';

/** What Apollo Server 5.5 says when the Sandbox does not come, and the area of the Sandbox, which lies above these words. */
const OFFLINE = 'it appears that you might be offline.';
const AREA = '#embeddableSandbox {';

/** Serves the page of Apollo Sandbox, which comes over the internet. Without it, the page leads to GraphiQL, which comes from the gateway. */
export function sandbox(content: object): ApolloServerPlugin<Context> {
  const { serverWillStart } = ApolloServerPluginLandingPageLocalDefault({
    embed: { runTelemetry: false },
    footer: false,
    ...content,
  });
  return {
    async serverWillStart(service) {
      const { renderLandingPage } = (await serverWillStart?.(service)) ?? {};
      if (renderLandingPage === undefined) return;
      const { html } = await renderLandingPage();
      return { renderLandingPage: async () => ({ html: async () => withWayOut(typeof html === 'string' ? html : await html()) }) };
    },
  };
}

function withWayOut(page: string): string {
  return page
    .replace(OFFLINE, `${OFFLINE} <a href="/graphiql">GraphiQL</a> does the same without the internet.`)
    .replace(AREA, `#embeddableSandbox:empty { display: none; }\n  ${AREA}`);
}
