import { z } from 'zod';

// The content security policy forbids code from text. Imported before the first schema: zod decides there.
z.config({ jitless: true });
