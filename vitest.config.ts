import { defineConfig } from 'vitest/config';

const everywhere = [
  'apps/**',
  'libs/**',
  'platform/**',
  'contracts/**',
  'system/**',
  'tools/**',
  'e2e/**',
  'simulation/**',
  'labs/**',
];
const specs = (ending: string) => everywhere.map((folder) => `${folder}/*${ending}`);

// Spec files use decorators too: without this the metadata that Nest injects by would be dropped.
const oxc = { decorator: { legacy: true, emitDecoratorMetadata: true } };

// Pact's core reports its use to its makers otherwise, which also needs a network.
const alone = { PACT_DO_NOT_TRACK: 'true' };

// A condition may take its time on a busy machine; a limit that matters is in the test itself.
const patient = { poll: { timeout: 30_000 } };

// By default one core is left to the terminal: half of a CI machine with two.
const maxWorkers = '100%';

export default defineConfig({
  oxc,
  test: {
    projects: [
      {
        oxc,
        test: {
          name: 'unit',
          expect: patient,
          include: specs('.spec.ts'),
          exclude: [
            '**/node_modules/**',
            '**/.fieldguide/**',
            '**/*.{int,e2e}.spec.ts',
            '**/pact/*.spec.ts',
          ],
          globalSetup: ['tools/temporary-folder.setup.ts'],
          maxWorkers,
          testTimeout: 60_000,
        },
      },
      {
        oxc,
        test: {
          name: 'int',
          expect: patient,
          include: specs('.int.spec.ts'),
          globalSetup: ['tools/backing-services.setup.ts'],
          maxWorkers,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        oxc,
        test: {
          name: 'consumers',
          include: specs('pact/consumer.spec.ts'),
          env: alone,
          testTimeout: 60_000,
        },
      },
      {
        oxc,
        test: {
          name: 'providers',
          include: specs('pact/provider.spec.ts'),
          env: alone,
          maxWorkers,
          globalSetup: ['tools/postgres.setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        oxc,
        test: {
          name: 'fields',
          include: specs('pact/provider.spec.ts'),
          globalSetup: ['tools/postgres.setup.ts'],
          env: { ...alone, FIELDGUIDE_PACT: 'fields' },
          maxWorkers,
          hookTimeout: 120_000,
        },
      },
      {
        oxc,
        test: {
          name: 'e2e',
          expect: patient,
          include: specs('.e2e.spec.ts'),
          globalSetup: ['e2e/running-system.setup.ts', 'e2e/pace.setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
