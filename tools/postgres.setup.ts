import type { TestProject } from 'vitest/node';
import { openPostgres } from './contracts/postgres.ts';

/** PostgreSQL alone, for the providers' side of the contract tests. */
export default async function setup(project: TestProject) {
  const postgres = await openPostgres('pact');
  project.provide('postgres', postgres.url);
  return () => postgres.close();
}
