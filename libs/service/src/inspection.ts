import 'reflect-metadata';
import { type ConfigClass, configClassesIn, Runtime } from '@fieldguide/config';
import type { Type } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { RootModule } from './root.module.ts';

/** What tools read from a service's module; nothing is created or connected. */
export interface ServiceOutline {
  /** The configuration classes of all its modules. */
  readonly configs: readonly ConfigClass[];
  readonly controllers: readonly Type[];
  /** The tokens of all providers. */
  readonly providers: ReadonlySet<unknown>;
}

/** Builds the module graph of a service in Nest's preview mode. */
export async function outlineOf(module: Type): Promise<ServiceOutline> {
  const root = RootModule.of(module, new Runtime({}, false));
  const options = { preview: true, logger: false, abortOnError: false } as const;
  const context = await NestFactory.createApplicationContext(root, options);
  const modules = context.get(ModulesContainer);
  const all = [...modules.values()];
  return {
    configs: configClassesIn(modules),
    controllers: all.flatMap(({ controllers }) => [...controllers.keys()] as Type[]),
    providers: new Set(all.flatMap(({ providers }) => [...providers.keys()])),
  };
}
