DROP INDEX "files_session";--> statement-breakpoint
ALTER TABLE "files" DROP COLUMN "seen_session_id";--> statement-breakpoint
ALTER TABLE "files" SET (fillfactor = 80);
