import { once } from 'node:events';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerContracts } from './broker-contracts.ts';

let broker: Server;
let origin: string;
let requests: string[];
let failing = false;

beforeEach(async () => {
  requests = [];
  failing = false;
  broker = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      requests.push(
        `${method} ${url} ${headers.authorization ?? ''} ${Buffer.concat(chunks)}`.trim(),
      );
      response.statusCode = failing ? 401 : 200;
      const href = `${origin}/verification-results`;
      response.end(JSON.stringify({ _links: { 'pb:publish-verification-results': { href } } }));
    });
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  origin = `http://127.0.0.1:${(broker.address() as AddressInfo).port}`;
});
afterEach(() => {
  broker.closeAllConnections();
  broker.close();
});

/** Stands in for the Broker's command line client; records its commands and the files in a given folder. */
function contracts(code = 0) {
  const commands: string[] = [];
  const client = async (args: readonly string[]) => {
    const files = args[0] === 'publish' ? ` (${readdirSync(args[1]!)})` : '';
    commands.push(args.join(' ').replace(/\S*pacts-\S+/, 'FOLDER') + files);
    return { code, output: "the client's output\n" };
  };
  return {
    commands,
    broker: new BrokerContracts({ baseUrl: `${origin}/`, token: 'secret', client }),
  };
}
const pactFile = join(mkdtempSync(join(tmpdir(), 'broker-')), 'alpha-beta.json');
writeFileSync(pactFile, '{}');
const build = {
  pacticipant: 'alpha',
  version: '1',
  branch: 'feature/x',
  expects: [{ provider: 'beta', pact: 'p', file: pactFile }],
  verified: [{ consumer: 'front', pact: 'q', success: false }],
};

describe('with a Pact Broker', () => {
  it('publishes branch, pacts and verification results', async () => {
    const { commands, broker: at } = contracts();
    await at.publish([build]);
    expect(commands).toEqual([
      'publish FOLDER --consumer-app-version 1 --branch feature/x (alpha-beta.json)',
    ]);
    expect(requests).toEqual([
      'PUT /pacticipants/alpha/branches/feature%2Fx/versions/1 Bearer secret {}',
      'GET /pacts/provider/alpha/consumer/front/latest Bearer secret',
      'POST /verification-results Bearer secret {"success":false,"providerApplicationVersion":"1"}',
    ]);
  });

  it('passes checks and deployments on to the client of the Broker', async () => {
    const { commands, broker: at } = contracts();
    const deployment = { pacticipant: 'alpha', version: '1', environment: 'staging' };
    await at.createEnvironment('staging', true);
    const result = await at.canIDeploy([deployment], 'staging');
    expect(result).toEqual({ deployable: true, reasons: ["the client's output"] });
    await at.recordDeployment('record-deployment', deployment);
    await at.recordDeployment('record-undeployment', deployment);
    expect(commands).toEqual([
      'create-environment --name staging --production',
      'can-i-deploy --pacticipant alpha --version 1 --to-environment staging',
      'record-deployment --pacticipant alpha --environment staging --version 1',
      'record-undeployment --pacticipant alpha --environment staging',
    ]);
  });

  it('reports a rejected version as not deployable, and other failures as errors', async () => {
    const { broker: at } = contracts(1);
    expect((await at.canIDeploy([], 'staging')).deployable).toBe(false);
    await expect(at.createEnvironment('staging', false)).rejects.toThrow(/the client's output/);
    failing = true;
    await expect(at.publish([build])).rejects.toThrow(/returned 401/);
  });
});
