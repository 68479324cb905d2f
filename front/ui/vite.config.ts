import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { devApi } from './dev/api.ts';

// PERIPLUS_URL: a running Periplus. PROMETHEUS_URL: a plain Prometheus, with dev/api.ts standing in
// for the few endpoints that Prometheus does not have.
const periplus = process.env.PERIPLUS_URL;
const upstream = periplus ?? process.env.PROMETHEUS_URL ?? 'http://127.0.0.1:8420';

// The server admits only requests whose origin is its own host: the name must reach it unchanged.
const proxy = { '/api': { target: upstream, changeOrigin: false } };

export default defineConfig({
  plugins: [react(), ...(periplus === undefined && process.env.PROMETHEUS_URL ? [devApi()] : [])],
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
