import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// For `vite dev` and `vite preview`; the shop itself is served by the gateway, at the same origin as its API.
const api = '^/(products|stock|orders|auth|accounts|sales|docs|openapi.json)(/|\\?|$)';
const proxy = { [api]: process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:8080' };

export default defineConfig({
  plugins: [react()],
  build: { assetsInlineLimit: 0, modulePreload: false, target: 'es2023' }, // the content security policy allows no data: URL but for pictures
  server: { proxy },
  preview: { proxy },
});
