import 'reflect-metadata';
import { TestKeys } from '@fieldguide/auth/testing';
import { Database, DatabaseModule } from '@fieldguide/database';
import { freshDatabase } from '@fieldguide/database/testing';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule } from '@fieldguide/messaging';
import { WorkersModule } from '@fieldguide/workers';
import { Controller, type DynamicModule, Get, Module, type Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { AuthModule } from './auth.module.ts';
import { ServiceModule } from './service.module.ts';
import { ServiceClientModule } from './service-client.module.ts';
import { openForTest } from './testing/index.ts';

@Controller('things')
class ThingsController {
  @Get()
  all() {
    return [];
  }
}

/** A service with these modules besides `ServiceModule`. */
function serviceWith(...imports: readonly DynamicModule[]): Type {
  @Module({
    imports: [ServiceModule.forRoot({ name: 'things' }), ...imports],
    controllers: [ThingsController],
  })
  class ThingsModule {}
  return ThingsModule;
}
const tables = { entities: [], migrations: [] };
const caller = [ServiceDiscoveryModule.forRoot(), ServiceClientModule.forRoot()];

let database: Database & { url: string };
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_modules');
});
afterAll(() => database.close());

describe('a service', () => {
  it.each<[string, DynamicModule[], string[]]>([
    ['nothing else', [], []],
    ['discovery', [ServiceDiscoveryModule.forRoot()], []],
    ['calls to other services', caller, ['CLIENT_SECRET']],
    ['a database', [DatabaseModule.forRoot(tables)], ['DATABASE_URL']],
    [
      'a database and workers',
      [DatabaseModule.forRoot(tables), WorkersModule.forRoot()],
      ['DATABASE_URL'],
    ],
    [
      'a database and messages',
      [DatabaseModule.forRoot(tables), MessagingModule.forRoot()],
      ['DATABASE_URL', 'MESSAGING_URL'],
    ],
    ['broadcasts', [MessagingModule.forBroadcasts()], ['MESSAGING_URL']],
  ])('opens with %s, and has the settings of its modules only', async (_, modules, keys) => {
    const env = { DATABASE_URL: database.url, CLIENT_SECRET: 'sixteen-characters' };
    const app = await openForTest(serviceWith(...modules), { env });
    const { body, statusCode } = await app.inject({ method: 'GET', url: '/things' });
    expect([statusCode, body]).toEqual([200, '[]']);
    const { configuration } = (await app.inject({ method: 'GET', url: '/info' })).json();
    const optional = ['CLIENT_SECRET', 'DATABASE_URL', 'MESSAGING_URL'];
    expect(optional.filter((key) => key in configuration)).toEqual(keys);
    await app.close();
  });

  it('creates the tables of its modules only', async () => {
    const own = await freshDatabase(inject('backing').postgres, 'int_module_tables');
    const tablesWith = async (...modules: DynamicModule[]) => {
      const env = { DATABASE_URL: own.url };
      const app = await openForTest(serviceWith(DatabaseModule.forRoot(tables), ...modules), {
        env,
      });
      await app.close();
      const found = await own.query<{ name: string }>(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY name",
      );
      return found.map(({ name }) => name);
    };
    expect(await tablesWith()).toEqual(['leases', 'migrations']);
    const withMessages = ['dead_letters', 'inbox', 'leases', 'migrations', 'outbox'];
    expect(await tablesWith(MessagingModule.forRoot())).toEqual(withMessages);
    await own.close();
  });

  it('shows how its connection pool is used', async () => {
    const env = { DATABASE_URL: database.url };
    const app = await openForTest(serviceWith(DatabaseModule.forRoot(tables)), { env });
    const connection = app.get(Database).source.createQueryRunner();
    await connection.connect();
    const { body } = await app.inject({ method: 'GET', url: '/metrics' });
    expect(body).toContain('db_client_connections{db_client_connection_state="used"} 1\n');
    expect(body).toContain('db_client_connection_limit 8\n');
    expect(body).toContain('db_client_connection_pending_requests 0\n');
    await connection.release();
    await app.close();
  });

  it('rejects requests without a token as soon as it has authentication', async () => {
    const module = serviceWith(...caller, AuthModule.forRoot());
    const app = await openForTest(module, { keys: new TestKeys('test/test') });
    expect((await app.inject({ method: 'GET', url: '/things' })).statusCode).toBe(401);
    await app.close();
  });

  it('reports the missing and invalid settings of all modules in one error', async () => {
    const module = serviceWith(DatabaseModule.forRoot(tables), MessagingModule.forRoot());
    const env = { DATABASE_URL: 'mysql://x', MESSAGING_URL: 'x', PORT: 'x' };
    await expect(openForTest(module, { env })).rejects.toThrow(
      /configuration of things cannot be used:[\s\S]*PORT[\s\S]*DATABASE_URL[\s\S]*MESSAGING_URL/,
    );
  });
});
