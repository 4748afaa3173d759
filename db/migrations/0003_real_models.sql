ALTER TABLE "sessions" DROP CONSTRAINT "sessions_kind";--> statement-breakpoint
ALTER TABLE "photos" ADD COLUMN "taken_offset_minutes" smallint;--> statement-breakpoint
ALTER TABLE "photos" ADD COLUMN "lens" text;--> statement-breakpoint
ALTER TABLE "photos" ADD COLUMN "latitude" double precision;--> statement-breakpoint
ALTER TABLE "photos" ADD COLUMN "longitude" double precision;--> statement-breakpoint
ALTER TABLE "photos" ADD COLUMN "rating" smallint;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "device_reason" text;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "device_reason" text;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "activity" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_kind" CHECK (kind in ('folders', 'faces', 'clustering', 'models'));