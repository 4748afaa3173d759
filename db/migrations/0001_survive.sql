CREATE TABLE "attempts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "attempts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"job_id" bigint NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"worker" text,
	"kind" text NOT NULL,
	"reason" text,
	"message" text,
	"details" text
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" bigint,
	"at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"kind" text NOT NULL,
	"phase" text,
	"by" text DEFAULT 'Safelight' NOT NULL,
	"message" text
);
--> statement-breakpoint
CREATE TABLE "samples" (
	"session_id" bigint NOT NULL,
	"phase" text NOT NULL,
	"at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"counted" integer NOT NULL,
	CONSTRAINT "samples_session_id_phase_at_pk" PRIMARY KEY("session_id","phase","at")
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"name" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL,
	"by" text NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "face_scans" ADD COLUMN "session_id" bigint;--> statement-breakpoint
ALTER TABLE "files" ADD COLUMN "ignored_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "lone_deaths" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "phases" ADD COLUMN "expected_seconds" double precision;--> statement-breakpoint
ALTER TABLE "photos" ADD COLUMN "faces_ignored_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "phase" text;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "by" text DEFAULT 'Safelight' NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "kind" text DEFAULT 'folders' NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "source_session_id" bigint;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "settings" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "hold" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "hold_message" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "hold_host" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "hold_path" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "ignore_hours" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "beats" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "in_hand" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "still_seconds" real DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "patience_seconds" real DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "rate" real DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "counters" jsonb DEFAULT '{"items":{},"batches":{},"rescued":0}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "samples" ADD CONSTRAINT "samples_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "attempts_job" ON "attempts" USING btree ("job_id");--> statement-breakpoint
CREATE INDEX "events_session" ON "events" USING btree ("session_id","at");--> statement-breakpoint
CREATE INDEX "events_time" ON "events" USING btree ("at");--> statement-breakpoint
-- Whoever held these is gone or is refused; two sessions may have held the same item, which the index forbids.
UPDATE "jobs" SET "state" = 'queued', "claim_id" = NULL, "worker_id" = NULL WHERE "state" = 'running';--> statement-breakpoint
CREATE UNIQUE INDEX "jobs_busy" ON "jobs" USING btree ("phase","subject") WHERE state = 'running' and phase in ('training', 'face_detection');--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_kind" CHECK (kind in ('folders', 'faces', 'clustering'));--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_hold" CHECK (hold in ('disk_full', 'photos_gone', 'outside_hours'));