import {
  type ConsulAddress,
  callConsul,
} from '@fieldguide/platform-host/backing-services/call-consul';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Environment } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { localConfig } from '@fieldguide/platform-model/derive';

const settings = localConfig(system);
/** Where Consul has the settings of an environment, by app or `common`. */
export const folderOf = ({ name }: Environment, app: string) => `${system.name}/${name}/${app}/`;

/** Puts the settings into Consul; changed values stay. */
export async function provisionSettings(
  consul: ConsulAddress,
  environment: Environment,
  given: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<void> {
  const all = [...Object.entries(given), ...Object.entries(settings)]; // overrides go first
  for (const [folder, values] of all)
    for (const [key, value] of Object.entries(values)) {
      const path = `${folderOf(environment, folder)}${key}`;
      await change(consul, 'PUT', `${path}?cas=0`, value); // 0: only when there is none
    }
}

/** One setting of one service; undefined removes the override. */
export async function writeSetting(
  consul: ConsulAddress,
  environment: Environment,
  service: string,
  key: string,
  value: string | undefined,
): Promise<void> {
  const path = `${folderOf(environment, service)}${key}`;
  await change(consul, value === undefined ? 'DELETE' : 'PUT', path, value);
}

/** For `reset`. */
export async function dropSettings(consul: ConsulAddress, environment: Environment): Promise<void> {
  await change(consul, 'DELETE', `${system.name}/${environment.name}/?recurse`);
}

async function change(
  consul: ConsulAddress,
  method: 'PUT' | 'DELETE',
  path: string,
  value?: string,
): Promise<void> {
  const { status, text } = await callConsul(consul, method, `/v1/kv/${path}`, value);
  if (status === 200) return;
  throw new CliError(
    `Cannot write ${path} to Consul: ${text}.`,
    'for an attached Consul: set FIELDGUIDE_CONSUL_TOKEN to a token that may write keys',
  );
}
