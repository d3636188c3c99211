import { type DynamicModule, Module } from '@nestjs/common';
import type { ConfigClass } from './config.ts';
import { Configuration } from './configuration.ts';

/** Provides configuration classes: each module imports the settings that it needs, and removing it removes them. */
@Module({})
export class ConfigModule {
  static forFeature(...configs: readonly ConfigClass[]): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: configs.map((config) => ({
        provide: config,
        inject: [Configuration],
        useFactory: (all: Configuration) => all.get(config),
      })),
      exports: [...configs],
    };
  }
}
