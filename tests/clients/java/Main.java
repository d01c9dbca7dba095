// A worker's and a buyer's day, by the Java client that openapi-generator makes.
import java.time.OffsetDateTime;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.JSON;
import org.openapitools.client.api.AuthApi;
import org.openapitools.client.api.NotificationsApi;
import org.openapitools.client.api.PaymentsApi;
import org.openapitools.client.api.SubmissionsApi;
import org.openapitools.client.api.TasksApi;
import org.openapitools.client.model.ApiError;
import org.openapitools.client.model.Login;
import org.openapitools.client.model.Submission;
import org.openapitools.client.model.SubmissionInput;
import org.openapitools.client.model.Task;
import org.openapitools.client.model.TaskInput;

public class Main {
    /** The calls of somebody; the address is the document's. */
    static ApiClient logIn(String email) throws ApiException {
        ApiClient calls = new ApiClient();
        Login login = new Login().email(email).password("demo-pass-1");
        calls.setBearerToken(new AuthApi(calls).postAuthLogin(login).getToken());
        return calls;
    }

    public static void main(String[] arguments) throws ApiException {
        ApiClient buyer = logIn("buyer@demo.example"), worker = logIn("worker@demo.example");

        Task task = new TasksApi(buyer).postTasks(new TaskInput()
                .taskTitle("Name a bird").taskDetail("One that you see.")
                .requiredWorkers(1L).payableAmount(5L)
                .completionDate("2035-01-31").submissionInfo("Its name"), null).getTask();
        expect(task.getCompletionDate().isEqual(OffsetDateTime.parse("2035-01-31T00:00:00Z")),
                "the date is read as it was sent");

        expect(new TasksApi(worker).getTasks(null, 100L, null, null, null, null, null, null).getTasks()
                .stream().anyMatch(one -> one.getId().equals(task.getId())), "the task is listed");

        SubmissionsApi submissions = new SubmissionsApi(worker);
        SubmissionInput work = new SubmissionInput().taskId(task.getId()).submissionDetails("A wren");
        Submission submission = submissions.postSubmissions(work, null).getSubmission();
        try {
            submissions.postSubmissions(work, null);
            expect(false, "a second time is refused");
        } catch (ApiException refused) {
            ApiError error = JSON.deserialize(refused.getResponseBody(), ApiError.class);
            expect(error.getCode().equals("already_submitted"), "and says why");
        }

        expect(new SubmissionsApi(buyer).putSubmissionsByIdApprove(submission.getId(), null)
                .getCoinsAdded() == 5, "the worker is paid");

        expect(submissions.getSubmissionsById(submission.getId(), null).getSubmission().getTaskId()
                .getTaskBrief().getTaskTitle().equals("Name a bird"), "a submission shows its task");
        expect(new NotificationsApi(worker).getNotifications(1L, null).size() == 1, "the worker is told");
        new PaymentsApi(buyer).getPaymentsHistory(null, null, null, null);
    }

    static void expect(boolean holds, String what) {
        if (!holds) throw new AssertionError("not so: " + what);
    }
}
