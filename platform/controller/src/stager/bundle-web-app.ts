import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/**
 * Builds the static files of a web application into `folder`, and beside each text its compressed forms, so that
 * serving it compresses nothing.
 */
export async function bundleWebApp(app: { folder: string }, folder: string): Promise<void> {
  const { build } = await import('vite'); // as the bundler of the services, it stays in the memory of who loads it
  process.env['NODE_ENV'] = 'production'; // whatever runs the platform: React has a slower build for tests
  await build({
    root: app.folder,
    mode: 'production',
    logLevel: 'silent',
    build: { outDir: folder, emptyOutDir: false },
  });
  for (const name of globSync('**/*.{js,css,svg}', { cwd: folder })) {
    const content = readFileSync(join(folder, name));
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(content));
  }
}
