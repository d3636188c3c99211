import { runService } from '@fieldguide/service';
import { gateway } from './gateway.definition.ts';

void runService(gateway);
