import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const pages = ['index.html', 'signup.html'];

export default defineConfig({
  plugins: [react()],
  // Replaced in every response.
  html: { cspNonce: '{{nonce}}' },
  build: {
    outDir: '../../dist/apps/admin-console',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: { input: pages.map((page) => fileURLToPath(new URL(page, import.meta.url))) },
  },
});
