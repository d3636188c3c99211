import { runService } from '@fieldguide/service';
import { payments } from './payments.definition.ts';

void runService(payments);
