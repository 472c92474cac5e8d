// Preloaded into a worker process (`node --import`), and by that into its workflow thread, whose heap it tells.
import { answerHeapQuestions } from './thread-heap.js';

answerHeapQuestions();
