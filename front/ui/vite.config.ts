import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The running Periplus that `npm run dev` and `npm run preview` ask.
const upstream = process.env.PERIPLUS_URL ?? 'http://127.0.0.1:8420';

// The server admits only requests whose origin is its own host: the name must reach it unchanged.
const proxy = { '/api': { target: upstream, changeOrigin: false } };

export default defineConfig({
  plugins: [react()],
  build: {
    // `build/clean.mjs` empties the folder: the committed placeholder.html must survive.
    emptyOutDir: false,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 2048,
    // build/size.mjs guards what counts: the compressed first load.
    chunkSizeWarningLimit: 1000,
  },
  css: { modules: { localsConvention: 'camelCaseOnly' } },
  server: { host: '127.0.0.1', port: 5173, proxy },
  preview: { host: '127.0.0.1', port: 5174, proxy },
});
