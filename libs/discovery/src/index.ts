export { ConsulRegistry } from './consul-registry.ts';
export { FixedRegistry, type Instance, Registry } from './registry.ts';
