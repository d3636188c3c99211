import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: { assetsInlineLimit: 0 }, // the content security policy allows no data: URL but for pictures
});
