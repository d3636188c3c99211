import { runService } from '@fieldguide/service';
import { IdentityModule } from './identity.module.ts';

void runService(IdentityModule);
