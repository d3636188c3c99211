import type { TestProject } from 'vitest/node';
import { openPostgres } from './contracts/postgres.ts';

/** Starts PostgreSQL for the contract tests of the providers. */
export default async function setup(project: TestProject) {
  const postgres = await openPostgres('pact');
  project.provide('postgres', postgres.url);
  return () => postgres.close();
}
