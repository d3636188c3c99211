export { ConsulRegistry } from './consul-registry.ts';
export { FixedRegistry, type Instance, ServiceRegistry } from './registry.ts';
export { ServiceDiscoveryModule } from './service-discovery.module.ts';
