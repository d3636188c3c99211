import { defineConfig } from 'vitest/config';

const everywhere = ['apps/**', 'libs/**', 'contracts/**', 'tools/**', 'e2e/**'];
const specs = (ending: string) => everywhere.map((folder) => `${folder}/*${ending}`);

// Spec files use decorators too: esbuild-style defaults would drop the metadata Nest injects by.
const oxc = { decorator: { legacy: true, emitDecoratorMetadata: true } };

export default defineConfig({
  oxc,
  test: {
    projects: [
      {
        oxc,
        test: {
          name: 'unit',
          include: specs('.spec.ts'),
          exclude: ['**/node_modules/**', '**/.fieldguide/**', '**/*.{int,e2e}.spec.ts'],
          testTimeout: 20_000,
        },
      },
      {
        oxc,
        test: {
          name: 'int',
          include: specs('.int.spec.ts'),
          globalSetup: ['tools/backing-services.setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        oxc,
        test: {
          name: 'e2e',
          include: specs('.e2e.spec.ts'),
          globalSetup: ['e2e/running-system.setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
