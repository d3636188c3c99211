import type { Tone } from '../design/page.tsx';

/** The tone of a health, of an instance or a dependency. */
export function toneOf(health: string): Tone {
  if (health === 'ok' || health === 'running') return 'ok';
  if (health === 'starting' || health.endsWith('being replaced')) return 'busy';
  return health === 'degraded' ? 'warn' : 'bad';
}
