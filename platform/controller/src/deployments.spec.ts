import { join } from 'node:path';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type * as DeploymentsModule from './deployments.ts';

// In the map of the test workspace, `pages` is a web application, and `reader` is its name in contracts.
const alpha = { name: 'alpha', digest: 'a'.repeat(64) };
const pages = { name: 'pages', digest: '1'.repeat(64) };
const pagesWithAnotherField = { name: 'pages', digest: '2'.repeat(64) };
const versionOf = ({ digest }: { digest: string }) => digest.slice(0, 12);
const warn = vi.fn();
const environment = { name: 'staging' };

let deployments: DeploymentsModule.Deployments;
let count = 0;
beforeAll(() => void useTestWorkspace());
afterAll(() => {
  vi.unstubAllEnvs();
});
beforeEach(async () => {
  const { FIELDGUIDE_HOME: home } = process.env;
  vi.stubEnv('FIELDGUIDE_CONTRACTS_RECORD', join(home!, `record-${++count}.jsonl`));
  const { FileContracts } = await import('@fieldguide/platform-contract-record/file-contracts');
  const { Deployments } = await import('./deployments.ts');
  deployments = new Deployments({ environment, events: { warn } } as never);

  const contracts = new FileContracts();
  await contracts.createEnvironment('staging', false);
  const pactOf = (artifact: typeof pages) => ({
    pacticipant: 'reader',
    version: versionOf(artifact),
    branch: 'main',
    expects: [{ provider: 'alpha', pact: artifact.digest, file: '' }],
    verified: [],
  });
  const verified = [{ consumer: 'reader', pact: pages.digest, success: true }];
  const provider = { pacticipant: 'alpha', version: versionOf(alpha), branch: 'main', expects: [] };
  await contracts.publish([
    { ...provider, verified },
    pactOf(pages),
    pactOf(pagesWithAnotherField),
  ]);
  await deployments.record([alpha]);
});

it('allows a web application whose expectations the deployed provider has verified, and records it', async () => {
  await deployments.assertDeployable([pages], false);
  await deployments.record([pages]);
  const { RecordFile } = await import('@fieldguide/platform-contract-record/record-file');
  expect(new RecordFile().read().present('reader', 'staging')).toEqual([versionOf(pages)]);
  expect(warn).not.toHaveBeenCalled();
});

it('refuses a web application that reads a field which the deployed provider has not verified', async () => {
  await expect(deployments.assertDeployable([pagesWithAnotherField], false)).rejects.toThrow(
    /^reader 222222222222 cannot be deployed to staging:\n.*alpha aaaaaaaaaaaa and reader 222222222222 has not been verified/,
  );
  await deployments.assertDeployable([pagesWithAnotherField], true);
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^! pages is deployed by force/), {
    app: 'pages',
  });
});

it('refuses a provider that has not verified the expectations of the deployed web application', async () => {
  await deployments.record([pages]);
  const { FileContracts } = await import('@fieldguide/platform-contract-record/file-contracts');
  const next = { name: 'alpha', digest: 'b'.repeat(64) };
  const build = { pacticipant: 'alpha', version: versionOf(next), branch: 'main', expects: [] };
  const verified = [{ consumer: 'reader', pact: pages.digest, success: false }];
  await new FileContracts().publish([{ ...build, verified }]);
  await expect(deployments.assertDeployable([next], false)).rejects.toThrow(
    /alpha bbbbbbbbbbbb failed the verification of the pact with reader 111111111111/,
  );
});

it('does not check a web application without a name in contracts', async () => {
  await deployments.assertDeployable([{ name: 'leaflets', digest: '3'.repeat(64) }], false);
});
