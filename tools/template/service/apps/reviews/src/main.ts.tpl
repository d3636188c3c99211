import { runService } from '@fieldguide/service';
import { reviews } from './reviews.definition.ts';

void runService(reviews);
