export { Clock, SystemClock } from './clock.ts';
export { derivedId, Ids, SystemIds } from './ids.ts';
