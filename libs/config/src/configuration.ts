import { unwatchFile, watchFile } from 'node:fs';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { z } from 'zod';
import { Config, type ConfigClass } from './config.ts';
import type { ConsulSettings } from './consul-client.ts';
import { ConsulKv } from './consul-kv.ts';
import { fromEnvironment, type LoadedConfig, loadConfig } from './load-config.ts';
import { ProcessConfig } from './process-config.ts';
import type { Runtime, ServiceOptions } from './runtime.ts';

/** The configuration classes that the modules of an application import. */
export function configClassesIn(modules: ModulesContainer): ConfigClass[] {
  const tokens = [...modules.values()].flatMap((each) => [...each.providers.keys()]);
  return [...new Set(tokens.filter(isConfigClass))];
}

const isConfigClass = (token: unknown): token is ConfigClass =>
  typeof token === 'function' && 'schema' in token && token.schema instanceof z.ZodObject;

const FILES_POLLED_EVERY_MS = 1_000;

/** All settings of a process, whichever modules need them. */
export class Configuration implements OnApplicationShutdown {
  readonly #loaded: LoadedConfig<Record<string, unknown>>;
  readonly #kv: ConsulKv;

  private constructor(loaded: LoadedConfig<Record<string, unknown>>, kv: ConsulKv) {
    this.#loaded = loaded;
    this.#kv = kv;
  }

  /**
   * Reads the settings of all modules together.
   * @throws Error with every missing or invalid setting, whichever module needs it
   */
  static async load(
    { name }: ServiceOptions,
    { env }: Runtime,
    modules: ModulesContainer,
  ): Promise<Configuration> {
    const root = `${env['SYSTEM_NAME']}/${env['ENVIRONMENT']}`;
    const own = fromEnvironment(Object.keys(ProcessConfig.schema.shape), env);
    const textOf = (key: keyof ConsulSettings) => own.get(key)?.text;
    const address = textOf('CONSUL_HTTP_ADDR');
    const consul = {
      CONSUL_HTTP_ADDR: address ?? 'http://127.0.0.1:8500',
      CONSUL_HTTP_TOKEN: textOf('CONSUL_HTTP_TOKEN'),
      CONSUL_CACERT: textOf('CONSUL_CACERT'),
    };
    const kv = new ConsulKv(consul, root, name);
    if (address) await kv.read();
    const shapes = configClassesIn(modules).map(({ schema }) => schema.shape);
    const all = Config(z.object(Object.assign({}, ...shapes)));
    return new Configuration(loadConfig(all, env, kv, name), kv);
  }

  /** One object for the lifetime of the process; live settings change in place. */
  get<Self extends object>(config: ConfigClass<Self>): Self {
    const { values } = this.#loaded;
    const own: Self = Object.create(config.prototype);
    for (const key of Object.keys(config.schema.shape))
      Object.defineProperty(own, key, { enumerable: true, get: () => values[key] });
    return own;
  }

  /** @see LoadedConfig.describe */
  describe() {
    return this.#loaded.describe();
  }

  /** Why Consul could not be read last; undefined after a success. */
  get error(): string | undefined {
    return this.#kv.error;
  }

  /**
   * Reports which keys of Consul are ignored; from now on applies changes of live settings there and in files, and reports
   * each.
   */
  watch(report: (change: ReturnType<LoadedConfig['refresh']>) => void): void {
    const refresh = () => report(this.#loaded.refresh(this.#kv.values));
    refresh(); // a file may have changed since it was read
    this.#kv.watch(refresh);
    // By polling: it also notices a file that is replaced, or mounted into a container.
    const options = { interval: FILES_POLLED_EVERY_MS, persistent: false };
    for (const file of this.#loaded.liveFiles) watchFile(file, options, refresh);
  }

  onApplicationShutdown(): void {
    for (const file of this.#loaded.liveFiles) unwatchFile(file);
    this.#kv.close();
  }
}
