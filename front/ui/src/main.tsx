// Starts the page.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryDefaults } from './api/hooks';
import { router } from './frame/router';
import './tokens.css';
import './base.css';

const host = document.getElementById('root');
if (host === null) throw new Error('the page has no #root');

createRoot(host).render(
  <StrictMode>
    <QueryClientProvider client={new QueryClient({ defaultOptions: queryDefaults })}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
