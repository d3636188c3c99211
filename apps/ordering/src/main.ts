import { runService } from '@fieldguide/service';
import { ordering } from './ordering.definition.ts';

void runService(ordering);
