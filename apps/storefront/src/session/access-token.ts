import { z } from 'zod';

/** Who is signed in. The services decide what a caller may do; this only decides what is shown. */
export interface Caller {
  readonly id: string;
  readonly isStaff: boolean;
}

const Claims = z.object({ sub: z.string(), scope: z.string() });

export function callerOf(accessToken: string): Caller {
  const payload = accessToken.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
  const { sub: id, scope } = Claims.parse(JSON.parse(atob(payload)));
  return { id, isStaff: scope.split(' ').includes('catalog:write') };
}
