import 'reflect-metadata';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handlersOf } from '@fieldguide/messaging/testing';
import { subscriptions } from '@fieldguide/platform-controller/provision/broker-access';
import { brokerGrants, instanceEnv, localConfig, topics } from '@fieldguide/platform-model/derive';
import { outlineOf } from '@fieldguide/service/inspection';
import { system } from '@fieldguide/system';
import type { Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { sendersOf } from './contracts/pact-files.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const apps = Object.entries(system.apps);
/** What the platform sets for every process. */
const byPlatform = ['INSTANCE', 'PORT'];

async function keysOf(app: string): Promise<Record<string, z.ZodType>> {
  const exported = await import(join(root, `apps/${app}/src/${app}.module.ts`));
  const [module] = Object.values(exported) as Type[];
  const { configs } = await outlineOf(module!);
  return Object.assign({}, ...configs.map(({ schema }) => schema.shape));
}
const bound = (app: string) =>
  Object.keys(
    instanceEnv(system.apps[app as keyof typeof system.apps], {
      system: '',
      environment: '',
      consulUrl: '',
      consulToken: '',
      kafkaUrl: '',
      databaseUrl: '',
      clientSecret: '',
      resolve: () => '',
    }),
  );

describe('the map of the system', () => {
  it('has an entry for each folder of apps, and a folder for each entry', () => {
    const folders = globSync('apps/*/package.json', { cwd: root }).map(
      (file) => file.split(/[\\/]/)[1]!,
    );
    const names = Object.keys({ ...system.apps, ...system.webApps });
    expect(names.toSorted()).toEqual(folders.toSorted());
  });

  it.each(apps)('names the contract of %s when it has one', (name, { contract }) => {
    expect(contract !== undefined).toBe(existsSync(join(root, 'contracts', name, 'index.ts')));
  });

  it.each(apps)('binds every setting that %s requires, and no other', async (name) => {
    const keys = await keysOf(name);
    const required = Object.keys(keys).filter((key) => !keys[key]!.safeParse(undefined).success);
    const given = [...bound(name), ...byPlatform];
    expect(required.filter((key) => !given.includes(key))).toEqual([]);
    expect(bound(name).filter((key) => !(key in keys))).toEqual([]);
  });

  it('sets locally only what an app knows', async () => {
    const { common, ...own } = localConfig(system);
    for (const [name, values] of Object.entries(own)) {
      const keys = await keysOf(name);
      expect(
        Object.keys(values).filter((key) => !(key in keys)),
        name,
      ).toEqual([]);
    }
    const all = await Promise.all(Object.keys(system.apps).map(keysOf));
    for (const key of Object.keys(common!))
      for (const keys of all) expect(keys).toHaveProperty(key);
  });

  it('lets those apps publish on a topic whose messages consumers have pacts about', () => {
    for (const { name, senders } of topics(system)) {
      const sent = sendersOf(name);
      if (sent.size > 0) expect(new Set(senders), name).toEqual(sent);
    }
  });

  it.each(apps)(
    'lets %s read its own topics at the broker and those that it handles',
    async (name) => {
      const exported = await import(join(root, `apps/${name}/src/${name}.module.ts`));
      const { controllers } = await outlineOf(Object.values(exported)[0] as Type);
      const instances = controllers.map(
        ({ prototype }) => Object.create(prototype as object) as object,
      );
      const handled = handlersOf(...instances).map(({ contract }) => contract.topic);
      const own = topics(system).filter(({ owner }) => owner === name);
      const granted = brokerGrants(system, subscriptions()).find(({ app }) => app === name);
      expect(new Set(granted?.consumes)).toEqual(
        new Set([...own.map((each) => each.name), ...handled]),
      );
    },
  );

  it('gives each topic the name of the app that declares it', () => {
    expect(topics(system)).not.toEqual([]);
    for (const { name, owner } of topics(system)) expect(name).toMatch(new RegExp(`^${owner}\\.`));
  });
});
