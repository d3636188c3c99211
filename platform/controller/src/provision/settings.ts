import type { Environment } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { localConfig } from '@fieldguide/platform-model/derive';
import Consul from 'consul';

const settings = localConfig(system);
const folderOf = ({ name }: Environment) => `${system.name}/${name}/`;

/** Puts the settings into Consul; changed values stay. */
export async function provisionSettings(
  consulUrl: string,
  environment: Environment,
  given: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<void> {
  const consul = consulAt(consulUrl);
  const all = [...Object.entries(given), ...Object.entries(settings)]; // overrides go first
  for (const [folder, values] of all) {
    for (const [key, value] of Object.entries(values)) {
      const path = `${folderOf(environment)}${folder}/${key}`;
      await consul.kv.set({ key: path, value, cas: 0 }); // 0: only when there is none
    }
  }
}

/** One setting of one service; undefined removes the override. */
export async function writeSetting(
  consulUrl: string,
  environment: Environment,
  service: string,
  key: string,
  value: string | undefined,
): Promise<void> {
  const path = `${folderOf(environment)}${service}/${key}`;
  if (value === undefined) await consulAt(consulUrl).kv.del(path);
  else await consulAt(consulUrl).kv.set(path, value);
}

/** For `reset`. */
export async function dropSettings(consulUrl: string, environment: Environment): Promise<void> {
  await consulAt(consulUrl).kv.del({ key: folderOf(environment), recurse: true });
}

export function consulAt(url: string): Consul {
  const { hostname, port } = new URL(url);
  return new Consul({ host: hostname, port: Number(port) });
}
