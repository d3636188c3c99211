export type { Choice } from './balancer.ts';
export { ConsulRegistry } from './consul-registry.ts';
export type { Endpoint } from './endpoint.ts';
export { FixedRegistry, type Instance, ServiceRegistry } from './registry.ts';
export { ServiceDiscoveryModule } from './service-discovery.module.ts';
