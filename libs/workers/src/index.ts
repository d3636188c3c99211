export {
  type BackgroundLoop,
  type LoopSettings,
  pause,
  startLeasedWorker,
  startWorker,
} from './background-loop.ts';
export { BackgroundWorker, together, type WorkerContext } from './background-worker.ts';
export { type Lease, type LeaseAttempt, LeaseLostError, Leases } from './leases.ts';
export { MemoryNotifier, Notifier } from './notifier.ts';
export { Task } from './task.ts';
export { type Backlog, watchBacklog, watchSample } from './watch-backlog.ts';
export { WorkersModule } from './workers.module.ts';
