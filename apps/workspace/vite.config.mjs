import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // Replaced in every response.
  html: { cspNonce: '{{nonce}}' },
  build: {
    outDir: '../../dist/apps/workspace',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    manifest: true,
  },
});
