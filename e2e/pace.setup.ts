import type { TestProject } from 'vitest/node';
import { measurePace } from './capacity.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Factor for request rates on this machine. */
    pace: number;
  }
}

/** Measures the running system; comes after running-system.setup.ts. */
export default async function setup(project: TestProject) {
  project.provide('pace', await measurePace(project.getProvidedContext().shop.gatewayUrl));
}
