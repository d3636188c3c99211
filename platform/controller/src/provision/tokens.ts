import { createHash } from 'node:crypto';
import { appNames } from '@fieldguide/platform-host/apps';
import {
  type ConsulAddress,
  callConsul,
} from '@fieldguide/platform-host/backing-services/call-consul';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Environment, Secrets } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { folderOf } from './settings.ts';

/**
 * A policy and a token for each app in Consul: it registers itself, and reads the registry and its own settings. Running
 * it again restores the policies, creates missing tokens, and deletes those with a secret that is no longer ours.
 * @param warn receives a line when Consul checks no tokens
 * @throws CliError when Consul does not let us write tokens
 */
export async function provisionTokens(
  consul: ConsulAddress,
  environment: Environment,
  secrets: Secrets,
  warn: (line: string) => void,
): Promise<void> {
  const found = await callConsul(consul, 'GET', '/v1/acl/policies');
  if (found.status === 401)
    return warn(
      'Consul has its ACLs disabled: every process that reaches it can register as any service and change settings.',
    );
  const policies = new Map(
    (parse(found) as { Name: string; ID: string }[]).map(({ Name, ID }) => [Name, ID]),
  );
  const tokens = parse(await callConsul(consul, 'GET', '/v1/acl/tokens')) as Token[];
  const put = async (path: string, content: object) =>
    parse(await callConsul(consul, 'PUT', `/v1/acl/${path}`, JSON.stringify(content)));
  const mark = environment.ownerMark(secrets);
  const wanted = [...appNames, 'prometheus'].map((name) => {
    const secret = secrets.consul[name]!;
    return { name, secret, accessor: accessorOf(`${mark} ${name} ${secret}`) };
  });
  const ensure = async ({ name, secret, accessor }: (typeof wanted)[number]) => {
    const Name = `${system.name}-${environment.name}-${name}`;
    const id = policies.get(Name);
    await put(id ? `policy/${id}` : 'policy', { ID: id, Name, Rules: rulesOf(environment, name) });
    const exists = tokens.some(({ AccessorID }) => AccessorID === accessor);
    const token = { AccessorID: accessor, SecretID: secret, Description: `${mark} ${name}` };
    await put(exists ? `token/${accessor}` : 'token', { ...token, Policies: [{ Name }] });
  };
  await Promise.all(wanted.map(ensure));
  const accessors = new Set(wanted.map(({ accessor }) => accessor));
  for (const { AccessorID, Description } of tokens)
    if (Description.startsWith(`${mark} `) && !accessors.has(AccessorID))
      parse(await callConsul(consul, 'DELETE', `/v1/acl/token/${AccessorID}`));
}

interface Token {
  readonly AccessorID: string;
  readonly Description: string;
}

/** What an app may do. Environments that share a Consul have other names of services, and other folders. */
function rulesOf(environment: Environment, app: string): string {
  const isApp = app !== 'prometheus';
  const prefix = environment.name === 'local' ? '' : `${environment.name}-`;
  const services = appNames.map((each) => {
    const policy = each === app ? 'write' : 'read';
    return `service "${prefix}${each}" { policy = "${policy}" }`;
  });
  const folders = isApp ? ['common', app] : [];
  const keys = folders.map(
    (each) => `key_prefix "${folderOf(environment, each)}" { policy = "read" }`,
  );
  return ['node_prefix "" { policy = "read" }', ...services, ...keys].join('\n');
}

/** Consul cannot change the secret of a token: another secret is another token. */
function accessorOf(text: string): string {
  const hash = createHash('sha256').update(text).digest('hex');
  return hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function parse({ status, text }: Awaited<ReturnType<typeof callConsul>>): unknown {
  if (status === 200) return JSON.parse(text);
  throw new CliError(
    `Cannot write the tokens of the apps to Consul: ${text} (${status}).`,
    'for an attached Consul: set FIELDGUIDE_CONSUL_TOKEN to a token that may write ACLs and keys',
  );
}
