import { runService } from '@fieldguide/service';
import { ReviewsModule } from './reviews.module.ts';

void runService(ReviewsModule);
