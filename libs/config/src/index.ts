export { ConfigModule } from './config.module.ts';
export { Config, type ConfigClass, isMarked, live, secret, textFor } from './config.ts';
export { Configuration, configClassesIn } from './configuration.ts';
export { type ConsulSettings, consulClient } from './consul-client.ts';
export { loadConfig } from './load-config.ts';
export { ProcessConfig } from './process-config.ts';
export { instancesOf, Runtime, ServiceOptions } from './runtime.ts';
