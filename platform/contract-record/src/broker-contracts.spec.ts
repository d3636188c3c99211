import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerContracts } from './broker-contracts.ts';

let broker: Server;
let origin: string;
let requests: string[];
let failing = false;

beforeEach(async () => {
  requests = [];
  failing = false;
  broker = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      requests.push(
        `${method} ${url} ${headers.authorization ?? ''} ${Buffer.concat(chunks)}`.trim(),
      );
      answer.statusCode = failing ? 401 : 200;
      const href = `${origin}/verification-results`;
      answer.end(JSON.stringify({ _links: { 'pb:publish-verification-results': { href } } }));
    });
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  origin = `http://127.0.0.1:${(broker.address() as AddressInfo).port}`;
});
afterEach(() => {
  broker.closeAllConnections();
  broker.close();
});

/** Plays the Broker's command line client: what it was told, and which files lay in a folder it was given. */
function contracts(code = 0) {
  const commands: string[] = [];
  const client = async (args: readonly string[]) => {
    const files = args[0] === 'publish' ? ` (${readdirSync(args[1]!)})` : '';
    commands.push(args.join(' ').replace(/\S*pacts-\S+/, 'FOLDER') + files);
    return { code, output: 'what the client said\n' };
  };
  return {
    commands,
    broker: new BrokerContracts({ baseUrl: `${origin}/`, token: 'secret', client }),
  };
}
const build = {
  pacticipant: 'ordering',
  version: '1',
  branch: 'feature/x',
  expects: [{ provider: 'catalog', pact: 'p', file: 'contracts/pacts/ordering-catalog.json' }],
  verified: [{ consumer: 'shop', pact: 'q', success: false }],
};

describe('with a Pact Broker', () => {
  it('publishes branch, pacts and verification results', async () => {
    const { commands, broker: at } = contracts();
    await at.publish([build]);
    expect(commands).toEqual([
      'publish FOLDER --consumer-app-version 1 --branch feature/x (ordering-catalog.json)',
    ]);
    expect(requests).toEqual([
      'PUT /pacticipants/ordering/branches/feature%2Fx/versions/1 Bearer secret {}',
      'GET /pacts/provider/ordering/consumer/shop/latest Bearer secret',
      'POST /verification-results Bearer secret {"success":false,"providerApplicationVersion":"1"}',
    ]);
  });

  it('asks and records in its own words', async () => {
    const { commands, broker: at } = contracts();
    const deployment = { pacticipant: 'ordering', version: '1', environment: 'staging' };
    await at.createEnvironment('staging', true);
    const answer = await at.canIDeploy([deployment], 'staging');
    expect(answer).toEqual({ deployable: true, reasons: ['what the client said'] });
    await at.recordDeployment('record-deployment', deployment);
    await at.recordDeployment('record-undeployment', deployment);
    expect(commands).toEqual([
      'create-environment --name staging --production',
      'can-i-deploy --pacticipant ordering --version 1 --to-environment staging',
      'record-deployment --pacticipant ordering --environment staging --version 1',
      'record-undeployment --pacticipant ordering --environment staging',
    ]);
  });

  it('takes a refusal for a no, and says what else may be wrong', async () => {
    const { broker: at } = contracts(1);
    expect((await at.canIDeploy([], 'staging')).deployable).toBe(false);
    await expect(at.createEnvironment('staging', false)).rejects.toThrow(/what the client said/);
    failing = true;
    await expect(at.publish([build])).rejects.toThrow(/answers 401/);
  });
});
