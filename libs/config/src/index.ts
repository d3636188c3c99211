export { Config, type ConfigClass, isMarked, live, secret } from './config.ts';
export { ConsulKv, type KvSource } from './consul-kv.ts';
export { type LoadedConfig, loadConfig, type SourceOf } from './load-config.ts';
