export { ConsulRegistry } from './consul-registry.ts';
export { FixedRegistry, type Instance, ServiceRegistry } from './registry.ts';
