import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The gateway that `npx vite web` passes requests on to. */
const GATEWAY = process.env.GATEWAY_URL ?? 'http://localhost:4000';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/desk/',
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy allows files of the gateway only: no inline scripts, styles or data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { '/graphql': GATEWAY, '/desk/session': GATEWAY },
  },
});
