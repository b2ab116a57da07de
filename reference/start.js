// Starts Swagger UI. In demo mode the gateway gives this page, and no other origin, the demo's key.
const session = await fetch('/docs/session', { method: 'POST' });
const { apiKey } = session.status === 200 ? await session.json() : {};

const reference = window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  // Swagger UI would send the document to a service that checks it.
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  onComplete: () => {
    if (apiKey !== undefined) reference.preauthorizeApiKey('apiKey', apiKey);
  },
});
