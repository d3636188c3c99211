import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { FAULTS_MAX, Fault, FaultList, FaultRequest } from '../faults/fault.ts';
import { kindInfos } from '../faults/kind-info.ts';
import type { Platform } from '../platform.ts';
import { Problem } from './problem.ts';

const Done = z.object({ done: z.string() });

/** The routes of faults. */
export function faultRoutes(platform: Platform): FastifyPluginAsyncZod {
  const { faults } = platform;
  const answers = <Answer extends z.ZodType>(answer: Answer) => ({ 200: answer, '4xx': Problem });
  return async (api) => {
    api.get(
      '/faults',
      {
        schema: { summary: 'Active faults, and the kinds of faults', response: answers(FaultList) },
      },
      async () => ({
        faults: faults.active,
        maxActive: FAULTS_MAX,
        kinds: kindInfos(platform),
      }),
    );
    api.post(
      '/faults',
      {
        schema: {
          summary: 'Start a fault; responds when it is in effect',
          body: FaultRequest,
          response: answers(Fault),
        },
      },
      ({ body }) => faults.start(body),
    );
    api.delete(
      '/faults/:id',
      {
        schema: {
          summary: 'End a fault; responds when the state is restored',
          params: z.object({ id: z.coerce.number().int().min(1) }),
          response: answers(Done),
        },
      },
      async ({ params: { id } }) => {
        await faults.stop(id);
        return { done: `Fault ${id} has ended` };
      },
    );
    api.delete(
      '/faults',
      { schema: { summary: 'End all faults', response: answers(Done) } },
      async () => {
        await faults.stopAll();
        return { done: 'All faults have ended' };
      },
    );
  };
}
